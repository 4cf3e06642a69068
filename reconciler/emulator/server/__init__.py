"""The socket, HTTP as Kestrel speaks it, the access log, addresses, the clock, and who may use the control endpoint."""
