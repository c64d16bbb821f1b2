-- Where the gateway listens for sessions of an instance that share backends; null where it does not.
ALTER TABLE database_instance
  ADD COLUMN pooled_host text,
  ADD COLUMN pooled_port integer;
