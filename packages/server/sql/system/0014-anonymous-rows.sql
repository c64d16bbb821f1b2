-- What strangers begin is counted by where they come from, so that nobody fills the system database (attack 57).

-- Of who began it, while it belongs to no identity: an address, or a browser that is known. Null: nobody's to count.
ALTER TABLE oauth_record ADD COLUMN origin_hash bytea CHECK (length(origin_hash) = 32);
CREATE INDEX oauth_record_of_origin ON oauth_record (origin_hash, expires_at)
  WHERE identity_id IS NULL AND origin_hash IS NOT NULL;
