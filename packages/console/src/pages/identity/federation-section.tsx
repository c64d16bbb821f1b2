/** Federation policies: tokens of another issuer that are exchanged for ours; of a service principal, or of the account. */
import type { FederationPolicyAnswer } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { deleteFederationPolicy, federationPoliciesQuery } from '../../data/identity-access.ts'
import { useSession } from '../../data/session.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { AddFederationPolicyDialog } from './add-federation-policy-dialog.tsx'

const texts = messages.identity.policy

/** @param principalId undefined for the policies of the account */
export function FederationSection({ principalId }: { readonly principalId?: string }) {
  const { account_id: accountId } = useSession()
  const { data, error, refetch } = useQuery(federationPoliciesQuery(accountId, principalId))
  const [isAdding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<string>()
  return (
    <Section title={texts.heading} actions={<Button onPress={() => setAdding(true)}>{texts.add}</Button>}>
      {data === undefined && error === null && <Skeleton lines={2} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable<FederationPolicyAnswer>
          label={texts.heading}
          items={data}
          keyOf={({ uid }) => uid}
          nameOf={({ policy_id }) => policy_id}
          empty={<EmptyState>{texts.empty}</EmptyState>}
          columns={[
            {
              id: 'issuer',
              title: texts.issuer,
              render: ({ oidc_policy }) => <Name name={oidc_policy.issuer} />,
            },
            {
              id: 'subject',
              title: texts.subject,
              render: ({ oidc_policy }) =>
                oidc_policy.subject !== undefined && <Name name={oidc_policy.subject} />,
            },
            {
              id: 'audiences',
              title: texts.audiences,
              render: ({ oidc_policy }) => oidc_policy.audiences.join(', '),
            },
            {
              id: 'created',
              title: messages.identity.columns.created,
              render: ({ create_time }) => <TimeText at={create_time} />,
            },
          ]}
          actionsOf={({ policy_id }) => (
            <Button isSmall onPress={() => setLeaving(policy_id)}>
              {messages.identity.delete}
            </Button>
          )}
        />
      )}
      {isAdding && (
        <AddFederationPolicyDialog
          accountId={accountId}
          principalId={principalId}
          onClose={() => setAdding(false)}
        />
      )}
      {leaving !== undefined && (
        <ConfirmChange
          title={texts.deleteTitle}
          action={texts.delete}
          change={() => deleteFederationPolicy(accountId, principalId, leaving)}
          done={texts.deleted}
          onClose={() => setLeaving(undefined)}
        >
          <p>{texts.deleteText}</p>
        </ConfirmChange>
      )}
    </Section>
  )
}
