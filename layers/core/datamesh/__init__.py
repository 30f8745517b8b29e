"""datamesh: one contract per data product; files in, governed Iceberg tables and honest answers out."""

__version__ = "0.1.0"
