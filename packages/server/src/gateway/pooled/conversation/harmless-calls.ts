/**
 * Words that may stand before a parenthesis without leaving anything in a session: SQL keywords, types, and functions
 * of pg_catalog that only compute. Incomplete on purpose: a missing word costs one question to the backend, nothing
 * else.
 */
const WORDS = `
  all and any array as asc between by case check conflict constraint cross cube cycle default desc distinct do else
  end except exists fetch filter first for from full group grouping having in index inner intersect into is join key
  lateral left like ilike limit materialized not null offset on only or order outer over partition primary references
  returning right rollup row rows select set sets similar some table then unique union update using values when where
  window with within add column explain analyze verbose costs buffers format copy include generated identity always
`
const TYPES = `
  bit varbit char character varchar varying numeric decimal dec float time timestamp timestamptz timetz interval precision
  vector halfvec int4range int8range numrange tsrange tstzrange daterange
`
const SYNTAX = `
  cast coalesce extract greatest least nullif overlay position substring trim treat normalize
  json_array json_object json_scalar json_exists json_query json_value json_table xmlelement xmlforest xmlconcat
`
const FUNCTIONS = `
  abs ceil ceiling div exp floor ln log mod power random round sign sqrt trunc width_bucket
  ascii btrim char_length character_length chr concat concat_ws format initcap left length lower lpad ltrim md5
  octet_length quote_ident quote_literal quote_nullable regexp_count regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table repeat replace reverse right rpad rtrim split_part
  starts_with strpos substr to_hex translate upper encode decode sha256 sha512 convert_from convert_to
  string_to_array array_to_string to_char to_date to_number to_timestamp
  age clock_timestamp date date_bin date_part date_trunc isfinite justify_days justify_hours justify_interval make_date
  make_interval make_time make_timestamp make_timestamptz now statement_timestamp timeofday transaction_timestamp timezone
  count sum avg min max array_agg string_agg bool_and bool_or every bit_and bit_or json_agg jsonb_agg json_object_agg
  jsonb_object_agg corr stddev stddev_pop stddev_samp variance var_pop var_samp percentile_cont percentile_disc mode any_value
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
  array_prepend array_remove array_replace array_upper cardinality generate_series generate_subscripts unnest
  to_json to_jsonb row_to_json array_to_json json_build_array jsonb_build_array json_build_object jsonb_build_object
  json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text json_array_length
  jsonb_array_length json_each jsonb_each json_each_text jsonb_each_text json_extract_path jsonb_extract_path
  json_extract_path_text jsonb_extract_path_text json_object_keys jsonb_object_keys json_populate_record
  jsonb_populate_record json_populate_recordset jsonb_populate_recordset json_to_record jsonb_to_record json_to_recordset
  jsonb_to_recordset json_strip_nulls jsonb_strip_nulls json_typeof jsonb_typeof jsonb_insert jsonb_set jsonb_pretty
  jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first
  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline setweight
  gen_random_uuid uuidv4 uuidv7 hashtext hashtextextended isempty lower_inc upper_inc num_nonnulls num_nulls
  current_database current_schema current_schemas current_setting version pg_backend_pid pg_typeof pg_sleep pg_is_in_recovery
  pg_encoding_to_char pg_client_encoding pg_get_expr pg_get_constraintdef pg_get_indexdef pg_get_viewdef pg_get_userbyid
  pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
  pg_get_serial_sequence pg_get_triggerdef pg_get_partkeydef pg_relation_size pg_total_relation_size pg_table_size
  pg_database_size pg_size_pretty pg_table_is_visible pg_type_is_visible pg_function_is_visible format_type obj_description
  col_description shobj_description to_regclass to_regtype to_regproc to_regnamespace has_table_privilege
  has_schema_privilege has_database_privilege has_column_privilege has_function_privilege pg_has_role
  pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
  txid_current pg_current_xact_id pg_notify nextval setval currval lastval
`

export const HARMLESS: ReadonlySet<string> = new Set(
  [WORDS, TYPES, SYNTAX, FUNCTIONS].flatMap((words) => words.trim().split(/\s+/)),
)
