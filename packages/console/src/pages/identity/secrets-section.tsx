/** OAuth secrets of a service principal: valid for some days, shown once. */
import type { ScimServicePrincipal, ServicePrincipalSecret } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { deleteSecret, secretsQuery } from '../../data/identity-access.ts'
import { Badge, STATE_ICONS } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { GenerateSecretDialog, SecretShown } from './generate-secret.tsx'

const texts = messages.identity.secret
const MOST = 5

export function SecretsSection({ principal }: { readonly principal: ScimServicePrincipal }) {
  const { data, error, refetch } = useQuery(secretsQuery(principal.id))
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<ServicePrincipalSecret>()
  const [leaving, setLeaving] = useState<string>()
  const isFull = (data?.length ?? 0) >= MOST
  return (
    <Section
      title={texts.heading(data?.length ?? 0)}
      actions={
        data !== undefined && (
          <Button kind="primary" isDisabled={isFull} onPress={() => setMaking(true)}>
            {texts.generate}
          </Button>
        )
      }
    >
      {isFull && <p>{texts.full}</p>}
      {data === undefined && error === null && <Skeleton lines={2} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {made !== undefined && (
        <SecretShown
          secret={made}
          applicationId={principal.applicationId}
          onDone={() => setMade(undefined)}
        />
      )}
      {data !== undefined && (
        <DataTable<ServicePrincipalSecret>
          label={messages.identity.secrets}
          items={data}
          keyOf={({ id }) => id}
          nameOf={({ id }) => id}
          empty={<EmptyState>{texts.empty}</EmptyState>}
          columns={[
            { id: 'id', title: messages.identity.id, render: ({ id }) => <code>{id}</code> },
            {
              id: 'status',
              title: messages.identity.columns.status,
              render: ({ status }) => (
                <Badge
                  tone={status === 'ACTIVE' ? 'ok' : 'neutral'}
                  icon={status === 'ACTIVE' ? STATE_ICONS.done : STATE_ICONS.off}
                >
                  {texts.status[status]}
                </Badge>
              ),
            },
            {
              id: 'created',
              title: messages.identity.columns.created,
              render: ({ create_time }) => <TimeText at={create_time} />,
            },
            {
              id: 'expires',
              title: messages.identity.columns.expires,
              render: ({ expire_time }) => <TimeText at={expire_time} />,
            },
          ]}
          actionsOf={({ id }) => (
            <Button isSmall onPress={() => setLeaving(id)}>
              {messages.identity.delete}
            </Button>
          )}
        />
      )}
      {isMaking && (
        <GenerateSecretDialog principalId={principal.id} onClose={() => setMaking(false)} onMade={setMade} />
      )}
      {leaving !== undefined && (
        <ConfirmChange
          title={texts.deleteTitle}
          action={texts.delete}
          change={() => deleteSecret(principal.id, leaving)}
          done={texts.deleted}
          onClose={() => setLeaving(undefined)}
        >
          <p>{texts.deleteText}</p>
        </ConfirmChange>
      )}
    </Section>
  )
}
