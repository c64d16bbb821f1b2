/** The choices of the overview in its URL. A token is never among them. */
import { oneOf, searchFields, text } from '../../../kit/search-fields.ts'
import { FORMS } from './connection-strings.ts'

export const connectionSearch = searchFields({
  endpoint: oneOf(['direct', 'pooled']),
  role: text,
  database: text,
  form: oneOf(FORMS),
})
export type ConnectionSearch = ReturnType<typeof connectionSearch>
