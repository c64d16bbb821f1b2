/**
 * Whether the server answered the last request; every request reports it (api.ts), and a banner of the shell shows it.
 */
import { createStore } from './store.ts'

export const reachability = createStore<'reachable' | 'unreachable'>('reachable')
