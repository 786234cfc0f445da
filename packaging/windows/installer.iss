; UNTRIED: nobody has run this. Inno Setup makes an installer of what freeze.py left in dist.
[Setup]
AppId=org.opqn.PhotoSearch
AppName=OPQN Photo Search
AppVersion={#Version}
DefaultDirName={autopf}\OPQN Photo Search
DefaultGroupName=OPQN Photo Search
PrivilegesRequired=lowest
OutputDir=..\..\dist
OutputBaseFilename=opqn-photo-search-{#Version}-windows-x86_64
Compression=lzma2/max
SolidCompression=yes
ArchitecturesInstallIn64BitMode=x64compatible

[Files]
Source: "..\..\dist\opqn-photo-search\*"; DestDir: "{app}"; Flags: recursesubdirs

[Icons]
Name: "{group}\OPQN Photo Search"; Filename: "{app}\opqn-window.exe"

[Registry]
; "Find this person" on a photo in the Explorer
Root: HKCU; Subkey: "Software\Classes\SystemFileAssociations\image\shell\OPQNFind"; ValueType: string; ValueData: "Find this person"; Flags: uninsdeletekey
Root: HKCU; Subkey: "Software\Classes\SystemFileAssociations\image\shell\OPQNFind\command"; ValueType: string; ValueData: """{app}\opqn-window.exe"" gui --find ""%1"""
