/** ALTER ROLE … SET and ALTER DATABASE … SET, as a backend that is opened begins with them, in one text to compare. */

/**
 * Settings of the role, of the database and of both, as numbers: an owner of a database may have written megabytes of
 * them. hashtextextended takes bytes as they are, in whatever encoding they were written from another database. Operators
 * by their schema: it runs under search paths of strangers too.
 * @param of SQL for the OIDs
 */
export const settingsFingerprint = (of: { readonly role: string; readonly database: string }): string => `(
      SELECT pg_catalog.string_agg(
               pg_catalog.hashtextextended(
                 pg_catalog.concat_ws(' ', kept.setdatabase, kept.setrole, kept.setconfig) COLLATE pg_catalog."C", 0
               )::pg_catalog.text, ' ' ORDER BY kept.setdatabase USING OPERATOR(pg_catalog.<), kept.setrole USING OPERATOR(pg_catalog.<))
        FROM pg_catalog.pg_db_role_setting AS kept
       WHERE (kept.setdatabase OPERATOR(pg_catalog.=) 0 OR kept.setdatabase OPERATOR(pg_catalog.=) ${of.database})
         AND (kept.setrole OPERATOR(pg_catalog.=) 0 OR kept.setrole OPERATOR(pg_catalog.=) ${of.role}))`
