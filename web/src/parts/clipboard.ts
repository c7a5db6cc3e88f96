/** Copies text; whether it worked. The modern way exists only on https and localhost, and people come by plain http. */
export async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Denied: the old way may still be allowed.
    }
  }
  const copied = (event: ClipboardEvent): void => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", copied);
  try {
    return document.execCommand("copy");
  } finally {
    document.removeEventListener("copy", copied);
  }
}
