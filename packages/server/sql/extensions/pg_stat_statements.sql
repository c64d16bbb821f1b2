-- Lakegate: what it counts belongs to the whole instance; whoever manages that may begin anew.
DO LANGUAGE plpgsql $lakegate$
DECLARE
  made pg_catalog.oid;
BEGIN
  IF pg_catalog.to_regrole('databricks_superuser') IS NULL THEN
    RETURN;
  END IF;
  FOR made IN
    SELECT procedure.oid
      FROM pg_catalog.pg_proc AS procedure
      JOIN pg_catalog.pg_depend AS member
        ON member.objid OPERATOR(pg_catalog.=) procedure.oid
       AND member.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid
       AND member.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
      JOIN pg_catalog.pg_extension AS extension ON extension.oid OPERATOR(pg_catalog.=) member.refobjid
     WHERE extension.extname OPERATOR(pg_catalog.=) 'pg_stat_statements'::pg_catalog.name
       AND procedure.proname OPERATOR(pg_catalog.=) 'pg_stat_statements_reset'::pg_catalog.name
  LOOP
    EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO databricks_superuser', made::pg_catalog.regprocedure);
  END LOOP;
END
$lakegate$;
