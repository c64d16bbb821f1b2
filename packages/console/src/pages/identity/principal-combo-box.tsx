/** Finds a user, service principal or group by name, asking the server while one types. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { directoryQuery, type IdentityKind, type Place } from '../../data/directory.ts'
import { type Option } from '../../kit/choice.tsx'
import { ComboBox } from '../../kit/combo-box.tsx'
import { messages } from '../../messages/index.ts'
import { nameOf, principalTypeOf } from './names.ts'

export interface ChosenPrincipal {
  readonly id: string
  readonly name: string
  readonly kind: IdentityKind
}

export interface PrincipalComboBoxProps {
  readonly place: Place
  readonly label: string
  readonly hint?: string
  readonly problem?: string | undefined
  readonly onChoose: (principal: ChosenPrincipal | undefined) => void
  readonly isDisabled?: boolean
}

const KINDS = ['Users', 'ServicePrincipals', 'Groups'] as const

export function PrincipalComboBox({
  place,
  label,
  hint,
  problem,
  onChoose,
  isDisabled,
}: PrincipalComboBoxProps) {
  const [text, setText] = useState('')
  const sought = useDeferredValue(text)
  const users = useInfiniteQuery(directoryQuery(place, 'Users', sought))
  const programs = useInfiniteQuery(directoryQuery(place, 'ServicePrincipals', sought))
  const groups = useInfiniteQuery(directoryQuery(place, 'Groups', sought))
  const answers = { Users: users, ServicePrincipals: programs, Groups: groups }
  const found = KINDS.flatMap((kind) =>
    (answers[kind].data?.pages[0]?.Resources ?? []).map((identity) => ({
      id: identity.id,
      name: nameOf(identity),
      kind,
    })),
  )
  const options: Option[] = found.map(({ id, name, kind }) => ({
    value: id,
    label: name,
    description: messages.kit.typeNames[principalTypeOf(kind) as 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'],
  }))
  return (
    <ComboBox
      label={label}
      {...(hint === undefined ? {} : { hint })}
      problem={problem}
      options={options}
      text={text}
      onTextChange={(next) => {
        setText(next)
        if (!found.some(({ name }) => name === next)) onChoose(undefined)
      }}
      onChoose={(id) => {
        const chosen = found.find((candidate) => candidate.id === id)
        if (chosen === undefined) return
        setText(chosen.name)
        onChoose(chosen)
      }}
      isSearching={users.isFetching || programs.isFetching || groups.isFetching}
      isDisabled={isDisabled ?? false}
    />
  )
}
