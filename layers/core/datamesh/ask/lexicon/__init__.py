"""General English, as data. Nothing here is about any one product: what a product's words are, its contract says."""
