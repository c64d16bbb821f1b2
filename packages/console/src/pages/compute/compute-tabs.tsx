/** The two pages of Compute, as tabs. */
import { TabLinks } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

export const ComputeTabs = () => (
  <TabLinks
    label={messages.compute.tabs}
    tabs={[
      { to: '/compute/instances', label: messages.app.databaseInstances, isExact: true },
      { to: '/compute/sessions', label: messages.app.openSessions },
    ]}
  />
)
