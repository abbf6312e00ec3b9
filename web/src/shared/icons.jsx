// The few signs there are; each beside words, so none has a name of its own.

const Sign = ({ children }) => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" width="18" height="18">
    {children}
  </svg>
);

export const Microphone = () => (
  <Sign>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5 11a7 7 0 0 0 14 0M12 18v3" />
  </Sign>
);

export const Stop = () => (
  <Sign>
    <rect x="6.5" y="6.5" width="11" height="11" rx="2.5" fill="currentColor" />
  </Sign>
);

export const Logo = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" fill="var(--accent)" />
    <path d="M8 12v8M12 9v14M16 12.5v7M20 7v18M24 13v6" stroke="var(--accent-ink)" stroke-width="2.4" stroke-linecap="round" />
  </svg>
);

export const Play = () => (
  <Sign>
    <path d="M8 5.5v13l10.5-6.5z" fill="currentColor" />
  </Sign>
);

export const Pause = () => (
  <Sign>
    <path d="M8.5 6v12M15.5 6v12" stroke-width="3.2" />
  </Sign>
);
