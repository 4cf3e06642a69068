"""The socket, HTTP as Kestrel speaks it, and the way of a request to its endpoint."""
