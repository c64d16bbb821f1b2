/** Shapes that several routes share. */
import { z } from 'zod'

export const nothing = z.strictObject({})
/** Routes without parameters in their path or query. Unknown query parameters are let be: SDKs add their own. */
export const anyQuery = z.looseObject({})
export const noBody = z.unknown().transform(() => undefined)
