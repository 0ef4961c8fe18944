<#
.SYNOPSIS
Removes what install.ps1 installed. Settings, recordings, history and models are kept.

.DESCRIPTION
Python is kept: other programs may use it by now. Never run yet: it was written without a Windows
computer.

    powershell -ExecutionPolicy Bypass -File install_scripts\uninstall.ps1

.PARAMETER Purge
Also remove settings, recordings, history, models, logs, and keys in the Credential Manager.
#>
[CmdletBinding()]
param([switch]$Purge)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$data = Join-Path $env:LOCALAPPDATA 'tray_dictate'
$venv = Join-Path $data 'venv'
$bin = Join-Path $data 'bin'
$program = Join-Path $venv 'Scripts\tray-dictate.exe'
$found = Test-Path $venv

function Stop-With([string]$Message) {
    [Console]::Error.WriteLine("uninstall.ps1: $Message")
    exit 1
}

# Returns all programs that run from the venv, whose files Windows locks.
function Get-Running {
    Get-CimInstance Win32_Process | Where-Object {
        $_.CommandLine -and $_.CommandLine.Contains($venv) -and $_.ProcessId -ne $PID
    }
}

if (Test-Path $program) {
    if (Get-Running) { & $program quit | Out-Null }
    for ($i = 0; $i -lt 100 -and (Get-Running); $i++) { Start-Sleep -Milliseconds 100 }
    if (Get-Running) { Stop-With 'tray-dictate does not stop; quit it and run this again.' }
}
if ($Purge -and (Test-Path $program)) {
    & $program key forget --for all | Out-Null
    if ($LASTEXITCODE -ne 0) {
        Write-Output 'If you used "tray-dictate key set": remove the entries named tray_dictate in the Credential Manager.'
    }
}
$run = 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Run'
$entry = Get-ItemProperty -Path $run -Name tray_dictate -ErrorAction SilentlyContinue
if ($entry -and $entry.tray_dictate.Contains($venv)) { # another installation's is not ours
    Remove-ItemProperty -Path $run -Name tray_dictate
}
foreach ($folder in $venv, $bin) {
    if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
}
$path = [string][Environment]::GetEnvironmentVariable('Path', 'User')
if (($path -split ';') -contains $bin) {
    $left = ($path -split ';' | Where-Object { $_ -ne $bin }) -join ';'
    [Environment]::SetEnvironmentVariable('Path', $left, 'User')
}
if (Test-Path $data) { # config, history and logs are here, too
    if ($Purge -or -not (Get-ChildItem -Force $data)) { Remove-Item -Recurse -Force $data }
}
if ($found) { Write-Output 'tray-dictate is uninstalled.' } else { Write-Output 'tray-dictate was not installed.' }
