// Says on the page why a security key did not answer; allauth's script tells only the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const error = event.detail.exception || {};
  const words = {
    NotAllowedError: "No security key answered. Try again, and touch the key when it blinks.",
    InvalidStateError: "This security key is registered already.",
    SecurityError: "Security keys work only at the address of this site, by https or on localhost.",
    NotSupportedError: "This browser or key cannot be used.",
  };
  const noKeys = !window.PublicKeyCredential;
  const text = noKeys ? words.SecurityError : words[error.name];
  document.getElementById("key-error").textContent = text || "The security key could not be used.";
  document.getElementById("key-error").hidden = false;
});
