"""The queries read: who asks and as of when go in, frozen values come out."""
