/** One identity: its heading with the actions, and its details as sections of the page. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { identityQuery, identityRightsQuery, type IdentityKind, type Place } from '../../data/directory.ts'
import { PrincipalChip } from '../../kit/badge.tsx'
import { CopyField } from '../../kit/copy.tsx'
import { Page, Section } from '../../kit/page.tsx'
import { KeyValueList, Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { useParam } from '../../kit/use-param.ts'
import { messages } from '../../messages/index.ts'
import { IdentityActions } from './identity-actions.tsx'
import { Status } from './list-page.tsx'
import { nameOf, principalTypeOf, type AnyIdentity } from './names.ts'
import { usePlace } from './place.ts'

const texts = messages.identity

export interface IdentityPageProps {
  readonly kind: IdentityKind
  /** What the page shows below the properties. */
  readonly children: (identity: AnyIdentity, place: Place) => ReactNode
}

export function IdentityPage({ kind, children }: IdentityPageProps) {
  const place = usePlace()
  const id = useParam('id')
  const { data: identity, error, refetch } = useQuery(identityQuery(place, kind, id))
  const { data: rights } = useQuery(identityRightsQuery(id))
  const keeper = rights?.kept_by
  return (
    <Page
      title={identity === undefined ? texts.kinds[kind] : nameOf(identity)}
      section={texts.kinds[kind]}
      badge={identity !== undefined && <Status identity={identity} />}
      actions={
        identity !== undefined &&
        rights !== undefined && (
          <IdentityActions place={place} kind={kind} identity={identity} actions={rights.actions} />
        )
      }
    >
      {identity === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {identity !== undefined && (
        <>
          {keeper !== undefined && keeper !== 'this_workspace' && place === 'workspace' && (
            <Section>
              <Notice>{texts.keptByText[keeper]}</Notice>
            </Section>
          )}
          {identity.nameProblem !== undefined && (
            <Section>
              <Notice tone="warn">{identity.nameProblem}</Notice>
            </Section>
          )}
          <Section title={texts.overview}>
            <KeyValueList items={propertiesOf(kind, identity, keeper)} />
          </Section>
          {children(identity, place)}
        </>
      )}
    </Page>
  )
}

function propertiesOf(
  kind: IdentityKind,
  identity: AnyIdentity,
  keeper: keyof typeof texts.keptBy | undefined,
) {
  return [
    {
      key: kind === 'Users' ? texts.columns.userName : texts.columns.name,
      value: <PrincipalChip type={principalTypeOf(kind)} name={nameOf(identity)} />,
    },
    ...('applicationId' in identity
      ? [
          {
            key: texts.columns.applicationId,
            value: (
              <>
                <CopyField what={texts.copyApplicationId} value={identity.applicationId} />
                <div>{texts.applicationIdHint}</div>
              </>
            ),
          },
        ]
      : []),
    ...(kind === 'Users'
      ? [{ key: texts.columns.displayName, value: <bdi>{identity.displayName}</bdi> }]
      : []),
    { key: texts.id, value: <CopyField what={texts.copyId} value={identity.id} /> },
    ...(identity.externalId === undefined
      ? []
      : [{ key: texts.columns.externalId, value: <bdi>{identity.externalId}</bdi> }]),
    ...(keeper === undefined ? [] : [{ key: texts.columns.keptBy, value: texts.keptBy[keeper] }]),
    { key: texts.columns.created, value: <TimeText at={identity.meta.created} /> },
  ]
}
