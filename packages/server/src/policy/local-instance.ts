/**
 * Whether Lakegate makes instances that are a PostgreSQL of its own. Where control planes and gateways are on several machines, or
 * in pods that may go, such an instance would be reached by nobody, and be lost.
 */
import { refuse, type Refusal } from './refusals.ts'

export type LocalInstances = 'allow' | 'refuse'

export const decideLocalInstance = (localInstances: LocalInstances): 'permitted' | Refusal =>
  localInstances === 'allow' ? 'permitted' : refuse('local_instances_refused')
