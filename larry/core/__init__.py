"""Pure computation: values in, values out, all frozen; no Django, clock, disk, network or log."""
