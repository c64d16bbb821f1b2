/** Whether the server answered last; every question tells (api.ts), a banner of the shell shows it. */
import { createStore } from './store.ts'

export const reachability = createStore<'reachable' | 'unreachable'>('reachable')
