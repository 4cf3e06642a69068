"""Values as text: one file an output, and one function a target in `escape`. Pure but for `terminal`."""
