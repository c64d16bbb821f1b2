/**
 * The state of a form: values, problems by field, what changed. The shape is a zod schema; if the server's refusal
 * names a field («field: problem»), it is shown at that field.
 */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { ApiError } from '../data/api.ts'

export interface FormState<Values extends object> {
  readonly values: Values
  readonly set: <Field extends keyof Values>(field: Field, value: Values[Field]) => void
  /** For the `problem` property of a field. */
  readonly problemOf: (field: keyof Values | string) => string | undefined
  /** An error that belongs to no field. */
  readonly error: Error | null
  readonly isChanged: boolean
  readonly changed: readonly (keyof Values)[]
  readonly isBusy: boolean
  readonly submit: () => void
  readonly reset: () => void
  /** Clears the error and keeps the values. */
  readonly forgetError: () => void
}

export interface FormOptions<Values extends object, Answer> {
  readonly shape: z.ZodType<Values>
  readonly initial: Values
  readonly send: (values: Values) => Promise<Answer>
  readonly onDone: (answer: Answer) => void
  /** Maps fields of the API to fields of the form, where the names differ. */
  readonly fieldOf?: Readonly<Record<string, string>>
  /** For a refusal whose message names no field, e.g. because a name is taken. */
  readonly problemIn?: (error: ApiError) => FieldProblem | undefined
}

export interface FieldProblem {
  readonly field: string
  readonly problem: string
}

export function useForm<Values extends object, Answer>({
  shape,
  initial,
  send,
  onDone,
  fieldOf = {},
  problemIn,
}: FormOptions<Values, Answer>): FormState<Values> {
  const [values, setValues] = useState(initial)
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const mutation = useMutation({ mutationFn: send, onSuccess: onDone })
  const changed = (Object.keys(values) as (keyof Values)[]).filter(
    (field) => JSON.stringify(values[field]) !== JSON.stringify(initial[field]),
  )
  const named =
    (mutation.error instanceof ApiError ? problemIn?.(mutation.error) : undefined) ??
    fieldProblem(mutation.error, fieldOf)
  const belongs = named !== undefined && named.field in values
  return {
    values,
    set: (field, value) => {
      setValues((current) => ({ ...current, [field]: value }))
      setProblems(({ [String(field)]: _gone, ...others }) => others)
      if (mutation.isError) mutation.reset()
    },
    problemOf: (field) =>
      problems[String(field)] ?? (belongs && named.field === field ? named.problem : undefined),
    error: belongs ? null : mutation.error,
    isChanged: changed.length > 0,
    changed,
    isBusy: mutation.isPending,
    submit: () => {
      const parsed = shape.safeParse(values)
      if (parsed.success) {
        setProblems({})
        mutation.mutate(parsed.data)
        return
      }
      setProblems(
        Object.fromEntries(
          parsed.error.issues.map((issue) => [issue.path.map(String).join('.'), issue.message]),
        ),
      )
    },
    forgetError: () => {
      mutation.reset()
    },
    reset: () => {
      setValues(initial)
      setProblems({})
      mutation.reset()
    },
  }
}

/** The server writes «field: problem» for an invalid field (http/define-route.ts). */
function fieldProblem(
  error: Error | null,
  fieldOf: Readonly<Record<string, string>>,
): FieldProblem | undefined {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined
  const found = /(?:^|[ '"`])([a-z_][a-z0-9_.]*)['"`]?: (.+)$/is.exec(error.message)
  const [, field, problem] = found ?? []
  if (field === undefined || problem === undefined) return undefined
  // `custom_tags.3.key` is shown at the field that contains all tags.
  const parts = field.split('.')
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join('.'))
  const known = above.map((name) => fieldOf[name]).find((name) => name !== undefined)
  return { field: known ?? parts[0] ?? field, problem }
}
