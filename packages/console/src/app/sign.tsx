/** The sign of Lakegate: two posts, a gate board raised to half height, one wave that passes through (design 6.1). */
export function Sign({ className }: { readonly className: string }) {
  return (
    <svg className={className} viewBox="0 0 16 16" aria-hidden fill="none">
      <rect width="16" height="16" rx="3.5" fill="currentColor" />
      <g stroke="var(--on-accent)" strokeLinecap="round">
        <path d="M4.5 3v10M11.5 3v10" strokeWidth="1.8" />
        <path d="M4.5 6h7" strokeWidth="1.6" />
        <path d="M2.5 10.6c1.4-1.2 2.7-1.2 3.9 0s2.4 1.2 3.6 0 2.2-1.1 3.5 0" strokeWidth="1.4" />
      </g>
    </svg>
  )
}
