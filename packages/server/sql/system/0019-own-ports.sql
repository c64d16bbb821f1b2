-- The port that belongs to an endpoint, and that the gateway takes whenever it is free; listener_port and pooled_port say where
-- it listens now. Null: not decided yet, as for endpoints from before this migration.
ALTER TABLE database_instance
  ADD COLUMN listener_own_port integer,
  ADD COLUMN pooled_own_port integer;
