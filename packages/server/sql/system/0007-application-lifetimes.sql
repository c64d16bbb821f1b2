-- Whether refresh tokens of an application are replaced at each use, and how long a sign-in lasts however often it is renewed.
ALTER TABLE oauth_client
  ADD COLUMN single_use_refresh_tokens boolean NOT NULL DEFAULT true,
  -- Null: as long as any sign-in.
  ADD COLUMN session_lifetime_minutes integer;
