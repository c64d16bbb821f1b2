/** Federation policies of the whole account: whose tokens are exchanged for those of our users. */
import { messages } from '../../messages/index.ts'
import { FederationSection } from '../identity/federation-section.tsx'
import { AccountPage } from './account-page.tsx'

export const FederationPage = () => (
  <AccountPage title={messages.account.federation}>
    <FederationSection />
  </AccountPage>
)
