// Asks the wallet of this browser for an account and its signature, and fills in the form.
"use strict";
const base = document.body.dataset.base;
const told = document.getElementById("told");
const owner = document.getElementById("owner");
const typed = document.getElementById("typed");
const button = document.getElementById("wallet");
if (owner) {
  owner.addEventListener("input", () => { typed.href = base + "/typed-data?owner=" + encodeURIComponent(owner.value.trim()); });
}
if (button && window.ethereum) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const [account] = await window.ethereum.request({ method: "eth_requestAccounts" });
      const answer = await fetch(base + "/typed-data?owner=" + encodeURIComponent(account));
      if (!answer.ok) throw new Error(await answer.text());
      const signature = await window.ethereum.request({ method: "eth_signTypedData_v4", params: [account, await answer.text()] });
      owner.value = account;
      document.getElementById("signature").value = signature;
      owner.form.submit();
    } catch (fault) {
      told.textContent = "The wallet did not sign: " + (fault.message || fault) + ". Try again, or sign elsewhere.";
      button.disabled = false;
    }
  });
}
