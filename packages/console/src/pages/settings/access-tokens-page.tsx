/** The personal access tokens: created with a secret that is shown once, revoked by name. */
import type { TokenInfo } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { accessTokensQuery, useAccessTokenChanges } from '../../data/access-tokens.ts'
import { Button } from '../../kit/button.tsx'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { Confirm } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Intro } from '../../kit/page.tsx'
import { EmptyState, InlineError, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { GenerateToken } from './generate-token.tsx'
import { SettingsPage } from './settings-page.tsx'

const texts = messages.settings.tokens

const COLUMNS: readonly Column<TokenInfo>[] = [
  {
    id: 'comment',
    title: texts.comment,
    render: ({ comment, token_id: id }) => <bdi title={comment}>{comment === '' ? id : comment}</bdi>,
    sortBy: ({ comment }) => comment,
  },
  { id: 'id', title: texts.id, render: ({ token_id: id }) => <code>{id}</code> },
  { id: 'scopes', title: texts.scopes, render: ({ scopes }) => scopes.join(', ') },
  {
    id: 'created',
    title: texts.made,
    render: (token) => <TimeText at={new Date(token.creation_time).toISOString()} />,
    sortBy: (token) => token.creation_time,
  },
  {
    id: 'expires',
    title: texts.expires,
    render: ({ expiry_time: time }) =>
      time === -1 ? texts.never : <TimeText at={new Date(time).toISOString()} />,
    sortBy: ({ expiry_time: time }) => (time === -1 ? Infinity : time),
  },
]

export function AccessTokensPage() {
  const { data, error, refetch } = useQuery(accessTokensQuery)
  const [isGenerating, setGenerating] = useState(false)
  const [revoked, setRevoked] = useState<TokenInfo>()
  const generate = (
    <Button kind="primary" data-shortcut="n" onPress={() => setGenerating(true)}>
      {texts.generate}
    </Button>
  )
  return (
    <SettingsPage title={messages.settings.accessTokens} actions={generate}>
      <Intro>{texts.text}</Intro>
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable
          label={messages.settings.accessTokens}
          items={data}
          columns={COLUMNS}
          keyOf={({ token_id: id }) => id}
          nameOf={({ comment, token_id: id }) => (comment === '' ? id : comment)}
          empty={<EmptyState>{texts.empty}</EmptyState>}
          actionsOf={(token) => (
            <Button isSmall onPress={() => setRevoked(token)}>
              {texts.revoke}
            </Button>
          )}
        />
      )}
      {isGenerating && <GenerateToken onClose={() => setGenerating(false)} />}
      {revoked !== undefined && <Revoke token={revoked} onClose={() => setRevoked(undefined)} />}
    </SettingsPage>
  )
}

function Revoke({ token, onClose }: { readonly token: TokenInfo; readonly onClose: () => void }) {
  const { revoke } = useAccessTokenChanges()
  return (
    <Confirm
      title={texts.revokeTitle}
      action={texts.revokeVerb}
      isOpen
      onClose={onClose}
      isBusy={revoke.isPending}
      problem={<InlineError error={revoke.error} />}
      onConfirm={() =>
        revoke.mutate(token.token_id, {
          onSuccess: () => {
            showFlag({ text: texts.revoked(token.comment) })
            onClose()
          },
        })
      }
    >
      <p>{texts.revokeText(token.comment, token.token_id)}</p>
    </Confirm>
  )
}
