"""What a batch costs, on paper: counts measured on the local mesh, times list prices."""
