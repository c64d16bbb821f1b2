-- SCIM attributes that directories send and clients read, kept as they were written; they open nothing here. The role
-- account_admin is none of them: it is identity.is_account_admin.
ALTER TABLE identity
  ADD COLUMN roles jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(roles) = 'array'),
  ADD COLUMN entitlements jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(entitlements) = 'array');

-- On a laptop the host of a workspace is an address, which says nothing of the name that it was made with. Null for those
-- whose name nobody knows: the first one, and those with an address for a host.
ALTER TABLE workspace ADD COLUMN deployment_name text;
UPDATE workspace SET deployment_name = split_part(host, '.', 1) WHERE host !~ '^[0-9.]+$';
