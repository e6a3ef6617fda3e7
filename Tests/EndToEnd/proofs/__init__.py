"""The lines of `make proof`, a file each: what is measured, how, and the bar that it has to hold."""
