-- Whether an embedded instance runs with wal_level = logical, for change data capture. Null: the default, which is off.
ALTER TABLE database_instance ADD COLUMN enable_logical_replication boolean;
