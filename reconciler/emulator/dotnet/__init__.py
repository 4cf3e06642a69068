"""What .NET, ASP.NET and its JSON reader do before and after the service itself does anything."""
