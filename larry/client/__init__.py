"""The client is how programs in Python talk to a Larry elsewhere; it needs nothing of Larry but itself, and urllib3.

`larry.client.remote` has the class to begin with: `RemoteLarry`.
"""
