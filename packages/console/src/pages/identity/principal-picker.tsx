/** Finds a user, group or service principal by typed text; the server searches. */
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import {
  principalSearchQuery,
  type DirectoryPlace,
  type Principal,
  type PrincipalKind,
} from '../../data/principals.ts'
import { ComboBox } from '../../kit/combo-box.tsx'
import { messages } from '../../messages/index.ts'

const ALL: readonly PrincipalKind[] = ['USER', 'GROUP', 'SERVICE_PRINCIPAL']

export interface PrincipalPickerProps {
  readonly label: string
  readonly chosen: Principal | undefined
  readonly onChoose: (principal: Principal | undefined) => void
  readonly types?: readonly PrincipalKind[]
  readonly place?: DirectoryPlace
  readonly hint?: string
  readonly problem?: string | undefined
}

const optionOf = ({ id, type, name, displayName }: Principal) => ({
  value: id,
  label: displayName,
  description:
    displayName === name
      ? messages.kit.typeNames[type]
      : messages.identity.picker.described(messages.kit.typeNames[type], name),
})

export function PrincipalPicker({
  label,
  chosen,
  onChoose,
  types = ALL,
  place = 'workspace',
  hint,
  problem,
}: PrincipalPickerProps) {
  const [text, setText] = useState(chosen?.displayName ?? '')
  const asked = useDeferredValue(text.trim())
  const { data = [], isFetching } = useQuery(principalSearchQuery(asked, types, place))
  // The field would reset a choice that is no longer among its options.
  const isFound = chosen === undefined || data.some(({ id }) => id === chosen.id)
  const offered = isFound ? data : [chosen, ...data]
  return (
    <ComboBox
      label={label}
      {...(hint === undefined ? {} : { hint })}
      problem={problem}
      options={offered.map(optionOf)}
      text={text}
      placeholder={messages.identity.picker.placeholder}
      isSearching={isFetching}
      onTextChange={(typed) => {
        setText(typed)
        if (chosen !== undefined && typed !== chosen.displayName) onChoose(undefined)
      }}
      onChoose={(id) => {
        const found = offered.find((principal) => principal.id === id)
        if (found === undefined) return
        setText(found.displayName)
        onChoose(found)
      }}
    />
  )
}
