module lakegate.test/databricks-u2m

go 1.24

require github.com/databricks/databricks-sdk-go v0.175.0
