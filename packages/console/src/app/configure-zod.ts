/**
 * Shapes would be compiled by `new Function`, which Trusted Types forbid; they are read as they are. Imported before everything
 * else: a shape that is made while modules load would try it already.
 */
import { config } from 'zod'

config({ jitless: true })
