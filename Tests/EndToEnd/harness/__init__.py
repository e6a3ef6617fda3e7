"""What the end-to-end tests share: homes, clients by hand, upstreams that write everything down, and log readers."""
