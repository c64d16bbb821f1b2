-- Lakegate: PostgreSQL gives these two to everybody. They start a process of the server and write a file of it.
DO LANGUAGE plpgsql $lakegate$
DECLARE
  made pg_catalog.oid;
BEGIN
  FOR made IN
    SELECT procedure.oid
      FROM pg_catalog.pg_proc AS procedure
      JOIN pg_catalog.pg_depend AS member
        ON member.objid OPERATOR(pg_catalog.=) procedure.oid
       AND member.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid
       AND member.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
      JOIN pg_catalog.pg_extension AS extension ON extension.oid OPERATOR(pg_catalog.=) member.refobjid
     WHERE extension.extname OPERATOR(pg_catalog.=) 'pg_prewarm'::pg_catalog.name
       AND procedure.proname OPERATOR(pg_catalog.=)
           ANY ('{autoprewarm_start_worker,autoprewarm_dump_now}'::pg_catalog.name[])
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made::pg_catalog.regprocedure);
  END LOOP;
END
$lakegate$;
