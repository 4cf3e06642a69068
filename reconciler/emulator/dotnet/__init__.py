"""What ASP.NET, System.Text.Json and System.Uri do for the service: bodies, JSON, negotiation, paths, queries, URLs."""
