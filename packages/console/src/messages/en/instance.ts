/** Texts of one instance: its frame, overview, edit, permissions. */
export const instance = {
  states: {
    AVAILABLE: 'Available',
    STARTING: 'Starting',
    STOPPED: 'Stopped',
    UPDATING: 'Updating',
    FAILING_OVER: 'Failing over',
    DELETING: 'Deleting',
  },
  attached: 'attached',
  tabsOf: (name: string) => `Pages of ${name}`,
  tabs: {
    overview: 'Overview',
    roles: 'Roles',
    permissions: 'Permissions',
    sessions: 'Sessions',
    metrics: 'Metrics',
    catalogs: 'Catalogs',
    loginCheck: 'Check a login',
  },
  newQuery: 'New Query',
  edit: 'Edit',
}
