"""What Bitale costs beside its peers: workloads, a harness that measures them side by side, and its reports."""
