/**
 * zod generates code to make its checks faster, and tries at run time whether it may. The content security policy
 * forbids that and reports the attempt, so this is switched off before the first schema is created. zod reads its
 * configuration from this global (zod/v4/core/core.js), so importing zod here is not necessary and it stays out of the
 * first load; pages with a form load it.
 */
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
