/**
 * The ALTER ROLE … SET and ALTER DATABASE … SET settings that a new backend starts with, as one text that can be
 * compared.
 */

/**
 * Settings of the role, of the database and of both, as hash values, because an owner of a database may have written
 * megabytes of them. hashtextextended takes the bytes as they are, whatever encoding another database wrote them in.
 * Operators are written with their schema, because the query also runs under untrusted search paths.
 * @param of SQL expressions for the OIDs
 */
export const settingsFingerprint = (of: { readonly role: string; readonly database: string }): string => `(
      SELECT pg_catalog.string_agg(
               pg_catalog.hashtextextended(
                 pg_catalog.concat_ws(' ', kept.setdatabase, kept.setrole, kept.setconfig) COLLATE pg_catalog."C", 0
               )::pg_catalog.text, ' ' ORDER BY kept.setdatabase USING OPERATOR(pg_catalog.<), kept.setrole USING OPERATOR(pg_catalog.<))
        FROM pg_catalog.pg_db_role_setting AS kept
       WHERE (kept.setdatabase OPERATOR(pg_catalog.=) 0 OR kept.setdatabase OPERATOR(pg_catalog.=) ${of.database})
         AND (kept.setrole OPERATOR(pg_catalog.=) 0 OR kept.setrole OPERATOR(pg_catalog.=) ${of.role}))`
