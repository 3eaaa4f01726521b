"""`mien serve`: the SDK for programs in other processes; docs/serve.md tells its protocol."""
